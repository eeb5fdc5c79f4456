"""Keeps LocalStack on the address that GATEWAY_LISTEN names.

LocalStack's own server takes the port from it and listens on every IPv4 address: it is made for a container, whose
published ports are the limit. As a process, with functions that are processes, that would let the whole network run
code on this machine. Nothing has to be set: with LAMBDA_RUNTIME_EXECUTOR=process this server replaces the default one.
"""

from localstack import config
from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin

OWN = "sluice"


class BoundServerPlugin(RuntimeServerPlugin):
    name = OWN

    def load(self, *args: object, **kwargs: object) -> RuntimeServer:
        # Not at the top: importing Twisted's reactor settles which one the process uses.
        from localstack.aws.serving.twisted import TLSMultiplexerFactory
        from localstack.runtime.server.twisted import TwistedRuntimeServer
        from rolo.serving.twisted import TwistedGateway
        from twisted.internet import endpoints, reactor, ssl

        class BoundServer(TwistedRuntimeServer):
            def register(self, gateway, listen, ssl_creds=None) -> None:
                served = TwistedGateway(gateway)
                if ssl_creds:  # HTTP and HTTPS on the same port, as LocalStack has it
                    certificate, key = ssl_creds
                    context = ssl.DefaultOpenSSLContextFactory(key, certificate)
                    context.getContext().use_certificate_chain_file(certificate)
                    served = TLSMultiplexerFactory(context, False, served)
                for address in listen:
                    ipv6 = config.is_ipv6_address(address.host)
                    endpoint = endpoints.TCP6ServerEndpoint if ipv6 else endpoints.TCP4ServerEndpoint
                    endpoint(reactor, address.port, interface=address.host).listen(served)

        return BoundServer()


@hooks.on_runtime_create(name="sluice_bound_server")
def use_bound_server() -> None:
    if config.LAMBDA_RUNTIME_EXECUTOR == "process" and config.GATEWAY_SERVER == "twisted":
        config.GATEWAY_SERVER = OWN
