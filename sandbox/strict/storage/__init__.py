"""What S3 and DynamoDB demand."""
