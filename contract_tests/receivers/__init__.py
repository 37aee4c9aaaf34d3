"""Our receivers, and those of the guides, keep the laws of receivers."""
