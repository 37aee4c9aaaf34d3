"""Webhooks are read, verified and refused as the specs say."""
