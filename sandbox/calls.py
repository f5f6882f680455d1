"""What a client asks of the account, read from its HTTP request by AWS's own service models.

botocore ships the models and moto the parsers and the error serializers for their protocols; here they meet, so that
every part of the account looks at the same operation name and the same parameters, and refuses in the same words.
"""

from __future__ import annotations

import functools
import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.session import get_session
from moto.core.errors import COMMON_ERROR_CODES
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model, service_name_from_moto_package_name
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

DEFAULT_REGION = "us-east-1"
OWN_PATHS = ("/moto-api", "/latest/meta-data/", "/latest/api/", "/favicon.ico")
"""Paths of moto's own pages and of the instance metadata, which no AWS service serves."""
_PARSED = "sandbox.call"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that an XML document cannot hold, and a refusal may have to quote."""
_MODELS = threading.Lock()
_READ: set[str] = set()


class Refused(ServiceException):
    """An error in the words of the service; of our own module, because moto looks up a service by the name of its."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API request, parsed by AWS's own service model."""

    service: str
    """botocore's name of the service: `ec2`, `stepfunctions`, `application-autoscaling`."""
    operation: str
    """The operation as the model names it: `CreateSecurityGroup`."""
    parameters: Mapping[str, Any]
    """Members by the model's names, as boto3 takes them; empty where `problem` says why they could not be read."""
    access_key: str | None
    """From the Authorization header or the presigned query; None for an unsigned request."""
    region: str
    """From the credential scope; the default region for an unsigned request."""
    headers: Mapping[str, str]
    """By lower-case name."""
    protocol: str
    """That the client used: `query`, `ec2`, `json`, `rest-json` or `rest-xml`."""
    problem: str | None = None
    """Why the parameters could not be read by the model: a word where a number belongs, a body that is no JSON."""


def parse(environ: Environ) -> Call | None:
    """Returns the API request in a WSGI environ, or None for what is none; the body stays readable for the next
    application. The first reading is kept, so that several middlewares may ask.
    """
    if _PARSED not in environ:
        environ[_PARSED] = None if environ.get("PATH_INFO", "").startswith(OWN_PATHS) else _parsed(environ)
    call: Call | None = environ[_PARSED]
    return call


def _parsed(environ: Environ) -> Call | None:
    _keep_body(environ)
    service = _service(environ)
    if service is None:
        return None
    request = _request(environ)
    try:
        model = _model(service)
        protocol = determine_request_protocol(model, request.content_type)
        operation, uri_parameters = _operation(service, request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return None
    access_key, region = _credential(environ)
    problem = None
    parameters: dict[str, Any] = {}
    try:
        parameters = _parameters(operation, protocol, request, uri_parameters)
    except Exception as error:  # the parsers have no exception of their own for a value of a wrong type
        problem = str(error) or type(error).__name__
    return Call(
        service=service,
        operation=str(operation.name),
        parameters=parameters,
        access_key=access_key,
        region=region,
        headers={name.lower(): value for name, value in request.headers.items()},
        protocol=protocol,
        problem=problem,
    )


def refusal(call: Call, code: str, message: str, status: int | None = None) -> Response:
    """Returns the WSGI application that answers `call` with an error, in the shape of the protocol the client used.

    `status` is the HTTP status; left out, it is what the service's model says of the error, and 400 where it is silent.
    """
    model = _model(call.service)
    operation: OperationModel = model.operation_model(call.operation)
    if code not in COMMON_ERROR_CODES:  # moto warns of a code that neither the service's model nor this list has
        COMMON_ERROR_CODES.append(code)
    refused = Refused(code, _NOT_IN_XML.sub("?", message))
    serialized = get_serializer_class(call.service, call.protocol)(operation).serialize(refused)
    return Response(serialized["body"], status or int(serialized["status_code"]), serialized["headers"])


def _operation(service: str, request: Request) -> tuple[OperationModel, Mapping[str, Any]]:
    """The operation and what the path says of its parameters.

    Some clients leave the namespace of a JSON target away: `CodeStar_connections_20191201.GetConnection`.
    """
    target, _, name = request.headers.get("X-Amz-Target", "").rpartition(".")
    model = get_service_model(service)
    prefix = str(model.metadata.get("targetPrefix", ""))
    if target and target != prefix and prefix.endswith(f".{target}") and name in model.operation_names:
        return model.operation_model(name), {}
    operation, parameters = get_service_router(service).match(request)
    return operation, parameters


def _model(service: str) -> ServiceModel:
    """moto's model of a service, with all of its operations read.

    moto's model keeps botocore's operation for a moment before it keeps its own, so a second thread could meet the
    wrong one: the operations are read once, by one thread.
    """
    with _MODELS:
        if service not in _READ:
            model = get_service_model(service)
            for name in model.operation_names:
                model.operation_model(name)
            get_service_router(service)
            _READ.add(service)
    return get_service_model(service)


def _keep_body(environ: Environ) -> None:
    """Reads the body once and leaves it in memory, from where each application may read it from its beginning."""
    if environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)


def _request(environ: Environ) -> Request:
    """A request over the environ's body, which is rewound for whoever comes next."""
    body = environ["wsgi.input"].getvalue()
    return Request({**environ, "wsgi.input": io.BytesIO(body)})


@functools.cache
def _dispatcher() -> DomainDispatcherApplication:
    return DomainDispatcherApplication(create_backend_app)


@functools.cache
def _service_of_host(host: str) -> str:
    """botocore's name of the service whose host (`monitoring.us-east-1.amazonaws.com`) this is."""
    package = _dispatcher().get_backend_for_host(host)
    return service_name_from_moto_package_name(package) if package else host.split(".", maxsplit=1)[0]


@functools.cache
def _known_services() -> frozenset[str]:
    return frozenset(get_session().get_available_services())


def _service(environ: Environ) -> str | None:
    scope = _scope(environ)
    if scope is not None and scope[3] in _known_services() and not environ.get("HTTP_AUTHORIZATION"):
        return scope[3]  # a presigned request, which moto recognises by its path only
    try:
        host = _dispatcher().infer_service_region_host(environ, environ.get("PATH_INFO", ""))
    except (KeyError, IndexError, ValueError):
        return None
    service = _service_of_host(host) if host else "s3"
    return service if service in _known_services() else None


def _scope(environ: Environ) -> list[str] | None:
    """The credential as `[access key, date, region, service, "aws4_request"]`."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in authorization:
        credential = authorization.split("Credential=", 1)[1].split(",")[0].strip()
    else:
        credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    return parts if len(parts) == 5 else None


def _credential(environ: Environ) -> tuple[str | None, str]:
    scope = _scope(environ)
    return (scope[0], scope[2]) if scope else (None, DEFAULT_REGION)


def _serialization(operation: OperationModel) -> Mapping[str, Any]:
    shape = operation.input_shape
    return shape.serialization if shape is not None else {}


def _parameters(
    operation: OperationModel, protocol: str, request: Request, uri_parameters: Mapping[str, Any]
) -> dict[str, Any]:
    body = request.get_data(parse_form_data=False) if protocol not in ("query", "ec2") else b""
    if body and protocol in ("json", "rest-json") and "payload" not in _serialization(operation):
        document = json.loads(body)
        if not isinstance(document, dict):
            raise TypeError(f"the body must be a JSON object, not {type(document).__name__}")
    parser = PROTOCOL_PARSERS[protocol](operation)
    parsed: dict[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": dict(uri_parameters),
        }
    )
    return {name: value for name, value in (parsed or {}).items() if value is not None}
