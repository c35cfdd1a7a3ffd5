"""Makes an SDK that does not know AWS_ENDPOINT_URL (boto3 before 1.28) honour it, as newer ones do by themselves.

A finder waits for the import of botocore.session and patches Session.create_client once it is loaded. Nothing is imported here,
and an SDK that is new enough is left alone.
"""
import importlib.machinery
import os
import sys

_TARGET = "botocore.session"
_FIRST_THAT_KNOWS = (1, 31)  # botocore's number of boto3 1.28


class _Finder:
    def __init__(self):
        self._busy = False

    def find_spec(self, name, path=None, target=None):
        if name != _TARGET or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        finally:
            self._busy = False
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _patch(module)

        loader.exec_module = exec_module
        return spec


def _patch(module):
    import botocore

    try:
        version = tuple(int(part) for part in botocore.__version__.split(".")[:2])
    except ValueError:
        return
    if version >= _FIRST_THAT_KNOWS:
        return
    original = module.Session.create_client

    def create_client(
        self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None, endpoint_url=None, *args, **kwargs
    ):
        if endpoint_url is None:
            endpoint_url = _endpoint_of(self, service_name)
        return original(self, service_name, region_name, api_version, use_ssl, verify, endpoint_url, *args, **kwargs)

    module.Session.create_client = create_client


def _endpoint_of(session, service_name):
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    if any(name.startswith("AWS_ENDPOINT_URL_") for name in os.environ):
        try:
            service = session.get_service_model(service_name).service_id
        except Exception:
            service = service_name  # create_client will say what is wrong with it
        own = os.environ.get("AWS_ENDPOINT_URL_" + str(service).upper().replace(" ", "_").replace("-", "_"))
        if own:
            return own
    return os.environ.get("AWS_ENDPOINT_URL") or None


def install():
    sys.meta_path.insert(0, _Finder())
