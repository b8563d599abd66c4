"""How often messages that must arrive are retried."""

from dataclasses import dataclass

__all__ = ["Retries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often, and after how many seconds, the delivery of a message is retried."""

    attempts: int = 3
    """1.6: TransactionMessageAttempts; 2.x: MessageAttempts of TransactionEvent."""

    interval: float = 60.0
    """1.6: TransactionMessageRetryInterval; 2.x: MessageAttemptInterval of TransactionEvent. After
    the k-th attempt the wait is k times as long."""
