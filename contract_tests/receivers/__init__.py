"""Our receivers keep the laws of receivers, and what is promised beside them."""
