"""The custom resource that is a SageMaker training job."""
