"""Clients that are programs: the AWS CLI (version 1 or 2), and scripts for the AWS SDK for JavaScript v3."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

JS_FOLDER = pathlib.Path(__file__).resolve().parents[1] / "api" / "js"


class CommandFailed(Exception):
    def __init__(self, command, result):
        super().__init__(f"{command} ended with {result.returncode}: {result.stderr.strip()}")
        self.returncode = result.returncode
        self.stderr = result.stderr


def environment(endpoint, folder):
    """What a shell needs to talk to the daemon, and nothing of the user's own configuration."""
    # A CLI of version 2 wants to know that --payload is JSON and not base64; version 1 ignores the setting.
    config = pathlib.Path(folder) / "aws-config"
    config.write_text("[default]\ncli_binary_format = raw-in-base64-out\ncli_pager =\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    }


class AwsCli:
    """aws_cli('lambda', 'get-function', '--function-name', 'f') returns the decoded output, or raises CommandFailed."""

    def __init__(self, endpoint, folder):
        self.program = os.environ.get("MAYFLY_TEST_AWS_CLI") or shutil.which("aws")
        if self.program is None:
            pytest.skip("AWS CLI: there is no `aws` on the PATH")
        self.endpoint = endpoint
        self.environment = environment(endpoint, folder)
        self.folder = folder

    def __call__(self, *arguments, output="json"):
        command = [self.program, "--endpoint-url", self.endpoint, "--output", output, *map(str, arguments)]
        result = subprocess.run(
            command, env=self.environment, cwd=self.folder, text=True, capture_output=True, timeout=120
        )
        if result.returncode != 0:
            raise CommandFailed(" ".join(command), result)
        if output != "json":
            return result.stdout
        return json.loads(result.stdout) if result.stdout.strip() else None


class Node:
    """node(script, **arguments) runs an ES module that finds the AWS SDK; returns what it printed, decoded from JSON.

    In the script `args` holds the arguments and `config` what every SDK client is to be constructed from.
    """

    PRELUDE = (
        "const args = JSON.parse(process.env.SCRIPT_ARGUMENTS);\n"
        "const config = {endpoint: process.env.AWS_ENDPOINT_URL, region: 'us-east-1', maxAttempts: 1,"
        " credentials: {accessKeyId: 'test', secretAccessKey: 'test'}};\n"
    )

    def __init__(self, endpoint, folder):
        self.program = shutil.which("node")
        if self.program is None:
            pytest.skip("AWS SDK for JavaScript: there is no `node` on the PATH")
        if not (JS_FOLDER / "node_modules" / "@aws-sdk").is_dir():
            pytest.skip("AWS SDK for JavaScript: packages are not installed (npm ci in tests/api/js)")
        self.environment = environment(endpoint, folder)

    def __call__(self, script, **arguments):
        result = subprocess.run(
            [self.program, "--input-type=module", "--eval", self.PRELUDE + script],
            env={**self.environment, "SCRIPT_ARGUMENTS": json.dumps(arguments)},
            cwd=JS_FOLDER, text=True, capture_output=True, timeout=120,
        )
        if result.returncode != 0:
            raise CommandFailed("node script", result)
        return json.loads(result.stdout) if result.stdout.strip() else None
