"""An AWS on this machine, with the application deployed on it (``python -m local``).

- Starting and stopping: `launcher`, with `deployment` (the real CDK CLI), `processes`, `guardian`,
  and `settings`: what a start is told, and where it keeps its files.
- The emulator's process: `emulator` puts ministack together with all that follows, behind `page`,
  `sign_in_page` and `fault_switch`.
- What ministack does otherwise than AWS: `bridges`, a module for each gap.
- What ministack lacks: `sagemaker`, `comprehend` and `application_autoscaling`, services on
  `aws_api`.
- CloudFormation's resource types, of both: registered through `resource_types`.
- What survives a crash: `state_saver`, `acknowledged_changes`, `bridges.table_journal`.
- Images and engines: `image_client` (what the CDK CLI takes for Docker), `dockerfile`, `engine`.
"""
