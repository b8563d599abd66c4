"""The oldest version of TLS that a context may allow."""

from ssl import SSLContext, TLSVersion

from ocppkit.core import LocalProtocolError

__all__ = ["refuse_old_tls"]


def refuse_old_tls(context: SSLContext) -> None:
    """Sees to it that a context allows nothing older than TLS 1.2. # SEC-05

    Some builds of Python, Debian's among them, leave the oldest version to OpenSSL. Contexts that say
    nothing of their own are set to 1.2.

    Raises:
        LocalProtocolError: the context allows older versions by name.
    """
    if context.minimum_version is TLSVersion.MINIMUM_SUPPORTED:
        context.minimum_version = TLSVersion.TLSv1_2
    if context.minimum_version < TLSVersion.TLSv1_2:
        raise LocalProtocolError("the TLS context allows versions before 1.2")
