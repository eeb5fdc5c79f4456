"""Lambda functions as plain processes, for LocalStack. Only `plugin` and `gateway` know LocalStack."""
