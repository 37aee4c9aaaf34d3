"""What all generated modules stand on; copied beside them, so that `shortcode_clients` needs attrs, httpx and msgspec alone."""
