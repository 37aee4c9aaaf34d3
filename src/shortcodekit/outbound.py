"""Builds messages for `MessagesClient.send`: `outbound.<channel>.<content>(…)`, with flat keywords.

The builders are generated from the spec; this module gives them their place beside the clients.
"""

from shortcode_clients.messages import outbound as _generated
from shortcode_clients.messages.outbound import *  # noqa: F403  # every channel that is generated

__all__ = _generated.__all__  # a list, made by the generator
