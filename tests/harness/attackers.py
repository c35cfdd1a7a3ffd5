"""Functions that attack: what they run comes with the event, so that one environment tries many things.

Forms, by how their process came to be: a clone of a template; a process that a zygote forked and that takes events itself; a
program that was executed and speaks the Runtime API. What is inside is the same Python in each. A clone of Node.js's (NODE) runs that
Python as its child.
"""

import json
import textwrap

FORMS = ("clone", "zygote", "exec")
NODE = "node"

PRELUDE = '''
import array, ctypes, errno, glob, json, mmap, os, resource, select, signal, socket, stat, struct, subprocess, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)

def syscall(number, *arguments):
    # The error's name, or "allowed".
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()]

def attempt(action):
    # What an action is refused with, or "allowed".
    try:
        action()
        return "allowed"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def write(path, text="x"):
    with open(path, "w") as file:
        file.write(text)

def in_child(action):
    # How a child that does this ends: (exit status, signal).
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    return (os.WEXITSTATUS(status), 0) if os.WIFEXITED(status) else (0, os.WTERMSIG(status))

kept = {}  # what one event leaves for the next

def attack(event):
    names = dict(globals(), given=event.get("given"))
    exec(event["code"], names)
    return names.get("found")
'''

HANDLER = PRELUDE + '''
def lambda_handler(event, context):
    return attack(event)
'''

BOOTSTRAP = "#!/usr/bin/python3\n" + PRELUDE + '''
import traceback, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while True:
    with opener.open(api + "next") as answer:
        request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    try:
        end, result = "/response", attack(event)
    except BaseException as error:
        end, result = "/error", {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": traceback.format_exc().splitlines()}
    opener.open(urllib.request.Request(api + request_id + end, json.dumps(result).encode(), method="POST")).read()
'''


NODE_HANDLER = """
import { execFileSync } from 'node:child_process';
const attack = """ + json.dumps(PRELUDE + '\nprint(json.dumps(attack(json.load(sys.stdin))))\n') + """;
export const handler = async (event) => JSON.parse(execFileSync('/usr/bin/python3', ['-c', attack], { input: JSON.stringify(event), stdio: ['pipe', 'pipe', 'inherit'] }));
"""


def deploy_attacker(lambdas, form, **config):
    config = {"Timeout": 30, "MemorySize": 256, **config}
    if form == NODE:
        return lambdas.deploy(NODE_HANDLER, runtime="nodejs20.x", **config)
    if form == "exec":
        return lambdas.deploy({"bootstrap": BOOTSTRAP}, runtime="provided.al2023", handler="any", **config)
    if form == "zygote":
        variables = {**config.get("Environment", {}).get("Variables", {}), "MAYFLY_CLONE": "off"}
        config["Environment"] = {"Variables": variables}
    return lambdas.deploy(HANDLER, **config)


class Attacker:
    """attacker(code, given=...) runs code inside and returns what it put into `found`; `outcome` where it may fail."""

    def __init__(self, lambdas, form, **config):
        self.lambdas = lambdas
        self.form = form
        self.name = deploy_attacker(lambdas, form, **config)

    def outcome(self, code, given=None):
        return self.lambdas.invoke(self.name, {"code": textwrap.dedent(code), "given": given})

    def __call__(self, code, given=None):
        outcome = self.outcome(code, given)
        assert outcome.error is None, outcome
        return outcome.payload
