"""An AWS account on loopback: moto behind middlewares that refuse, permit and react as AWS does."""
