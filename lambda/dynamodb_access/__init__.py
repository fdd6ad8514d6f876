"""How the functions talk to DynamoDB."""
