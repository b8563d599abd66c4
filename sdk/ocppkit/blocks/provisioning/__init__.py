"""Provisioning (functional block B): the report of a boot, and the CSMS's reply."""

from ._boot_reports import BootReply, BootReport

__all__ = ["BootReply", "BootReport"]
