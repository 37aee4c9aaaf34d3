"""Client libraries of the vendor, unmodified, against the sandbox."""
