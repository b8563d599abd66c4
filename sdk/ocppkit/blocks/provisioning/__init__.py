"""Provisioning (functional block B): what stations say when they boot, and what a CSMS answers."""

from ._boot_reports import BootReply, BootReport

__all__ = ["BootReply", "BootReport"]
