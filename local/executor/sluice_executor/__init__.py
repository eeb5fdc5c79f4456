"""Lambda functions as plain processes, for LocalStack. Only `plugin` knows LocalStack; the rest is standard library."""
