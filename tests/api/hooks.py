"""Makes generated requests reach further than "no such record": identifiers that exist take the place of random ones.

Reads the instance from THROUGHLINE_URL and THROUGHLINE_TOKEN, and makes one record of each kind it needs.
"""

import os
import random
import secrets
import urllib.error
import urllib.request
import json

import schemathesis

URL = os.environ["THROUGHLINE_URL"]
TOKEN = os.environ["THROUGHLINE_TOKEN"]
RUN = secrets.token_hex(4)
chance = random.Random(20261120)


def call(method, path, body=None):
    request = urllib.request.Request(
        URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def seed():
    """One record of each kind, by the field or collection that names it."""
    project = call("POST", "/v1/projects", {"name": "Under test", "slug": f"under-test-{RUN}"})["id"]
    inside = {"project_id": project}
    requirement = call("POST", "/v1/requirements", {**inside, "title": "A requirement"})["id"]
    other = call("POST", "/v1/requirements", {**inside, "title": "Another"})["id"]
    feature = call("POST", "/v1/features", {"requirement_id": requirement, "name": "A feature"})["id"]
    case = call("POST", "/v1/test-cases", {**inside, "name": "A test case"})["id"]
    build = call("POST", "/v1/builds", {**inside, "version_tag": "1.0.0"})["id"]
    environment = call("GET", "/v1/environments?limit=1")["data"][0]["id"]
    repository = call("POST", "/v1/repositories", {**inside, "url": "https://example.org/code.git"})["id"]
    team = call("POST", "/v1/teams", {"name": f"Team {RUN}", "slug": f"a-team-{RUN}"})["id"]
    me = call("GET", "/v1/me")
    deployment = call(
        "POST",
        "/v1/deployments",
        {**inside, "build_id": build, "environment_id": environment, "version": "1.0.0"},
    )["id"]
    return {
        "project_id": project,
        "requirement_id": requirement,
        "depends_on_requirement_id": other,
        "feature_id": feature,
        "test_case_id": case,
        "build_id": build,
        "environment_id": environment,
        "repository_id": repository,
        "team_id": team,
        "deployment_id": deployment,
        "source_id": case,
        "target_id": requirement,
        "user_id": me["user_id"],
        "assigned_to_user_id": me["user_id"],
    }


KNOWN = seed()
COLLECTIONS = {
    "requirements": "requirement_id",
    "features": "feature_id",
    "test-cases": "test_case_id",
    "builds": "build_id",
    "environments": "environment_id",
    "repositories": "repository_id",
    "teams": "team_id",
    "deployments": "deployment_id",
    "users": "user_id",
}


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name, value in KNOWN.items():
            if isinstance(body.get(name), str) and chance.random() < 0.8:
                body[name] = value
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    parts = context.operation.path.split("/") if context.operation else []
    name = COLLECTIONS.get(parts[2]) if len(parts) > 3 else None
    if name and path_parameters and "id" in path_parameters and chance.random() < 0.5:
        # Deleting the seed would leave the rest of the run without it.
        if context.operation.method.upper() != "DELETE":
            path_parameters["id"] = KNOWN[name]
    return path_parameters
