"""byname: the open customer-intimacy platform."""
