"""What ECR, CodeBuild and CodePipeline demand of their requests."""
