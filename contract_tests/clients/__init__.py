"""The clients send what the specs allow and what they were told, and make of each answer what it means."""
