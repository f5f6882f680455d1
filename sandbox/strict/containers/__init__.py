"""What ECS and Application Auto Scaling demand."""
