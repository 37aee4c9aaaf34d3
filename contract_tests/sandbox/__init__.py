"""The sandbox answers as the service does, and keeps the laws of providers."""
