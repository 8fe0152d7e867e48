"""JSON Schemas of rules, tests and configuration for editors, made from the models that read them. Pure.

Draft-07 is what every release of yaml-language-server knows fully; 2020-12 came late to it and in parts. Editors
read `+15551234567` and `5` as numbers where quoflow reads text, so a text may be a number or a boolean here.
What this version does not run yet is left out: editors mark it as `quoflow check` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from quoflow.core import events, steps
from quoflow.core.durations import format_duration
from quoflow.core.parameters.retry import Retry
from quoflow.core.rules import Filters, Schedule, list_filters
from quoflow.loader.conditions import WORDS
from quoflow.loader.kinds import ENDS, KINDS, SHORT
from quoflow.loader.options import Options
from quoflow.loader.step_options import Timeout

DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT_TYPES = ["string", "number", "boolean"]

TRIGGERS: Mapping[str, str] = {
    "message.received": "A text came in.",
    "message.sent": "A person, or another tool, sent a text from one of our lines; never quoflow itself.",
    "message.delivered": "A text that went out has arrived, a person's or quoflow's own.",
    "message.failed": "A text that went out did not arrive, a person's or quoflow's own.",
    "call.started": "A call began, seen while it rings or later.",
    "call.completed": "A call is over, answered or not.",
    "call.answered": "A call that was answered is over.",
    "call.missed": "A call came in and nobody answered it.",
    "call.forwarded": "A call that went on to somebody else is over.",
    "voicemail.received": "A caller left a voicemail, and it can be read.",
    "recording.completed": "The recording of a call is there.",
    "summary.completed": "The summary of a call is there.",
    "transcript.completed": "The transcript of a call is there.",
    "conversation.started": "A number has to do with us for the first time: a text or a call, in either direction.",
    "conversation.unanswered": "A text or lost call waits for an answer too long; what machines say is none.",
    "contact.created": "Somebody, or another tool, made a contact; never quoflow itself.",
    "contact.updated": "Somebody, or another tool, changed a contact; never quoflow itself.",
    "contact.deleted": "Somebody, or another tool, deleted a contact; never quoflow itself.",
    "schedule": "At times of day (cron), every so often, or at given moments.",
    "manual": "By hand: `quoflow trigger NAME`.",
}

CONDITIONS = {"any": "At least one holds.", "all": "Every one holds.", "not": "This does not hold."}

_Schema = dict[str, Any]  # JSON


class _ForEditors(GenerateJsonSchema):
    """Tells what may be written, in YAML as editors read it."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Take numbers and booleans for text, too."""
        return {**super().str_schema(schema), "type": TEXT_TYPES}

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Take what any text takes for a decimal, too, whichever way this pydantic writes its text."""
        inner = super().decimal_schema(schema)
        texts = [{"type": TEXT_TYPES} if option.get("type") == "string" else option for option in inner["anyOf"]]
        return {**inner, "anyOf": texts}

    def encode_default(self, dft: Any) -> Any:  # a default of any model
        """Write durations the way rules do."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Let one item stand for a list of it, which is what our lists take."""
        inner = super().function_before_schema(schema)
        if inner.get("type") != "array" or "json_schema_input_schema" in schema:
            return inner
        return {"anyOf": [inner["items"], inner]}


def render_schemas(configuration: type[BaseModel], tests: type[BaseModel]) -> dict[str, str]:
    """Give the text of each schema file by its name; those of the configuration and of tests come from their models."""
    built = {
        "rule.schema.json": build_rule_schema(),
        "config.schema.json": build_model_schema(configuration, "quoflow configuration"),
        "test.schema.json": build_model_schema(tests, "quoflow tests"),
    }
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in built.items()}


def build_model_schema(model: type[BaseModel], title: str) -> _Schema:
    """Build the schema of what a model reads."""
    return {"$schema": DRAFT, "title": title, **_describe(model)}


def build_rule_schema() -> _Schema:
    """Build the schema of one rule; each document of a file is one."""
    definitions: _Schema = {}
    options = _take(Options, definitions)
    definitions["condition"] = _describe_condition()
    definitions["triggerName"] = {
        "type": "string",
        "enum": [kind for kind in events.KINDS if "for" not in list_filters(kind)],
        "enumDescriptions": [TRIGGERS[kind] for kind in events.KINDS if "for" not in list_filters(kind)],
    }
    definitions["trigger"] = _describe_trigger(definitions)
    definitions["step"] = _describe_step(definitions)
    definitions["steps"] = {"type": "array", "minItems": 1, "items": _refer("step")}
    properties = _describe_rule_keys(options)
    event = {"type": "string", "enum": list(events.ABOUT_SOMEBODY)}
    properties["cancel_on"]["anyOf"] = [event, {"type": "array", "items": event}]
    return {
        "$schema": DRAFT,
        "title": "quoflow rule",
        "description": "One rule per YAML document: when something happens, if conditions hold, do this.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "trigger", "actions"],
        "properties": _tidy(properties),
        "definitions": _tidy_each(dict(sorted(definitions.items()))),
    }


def _describe_rule_keys(options: _Schema) -> _Schema:
    """Describe the keys of a rule, in the order in which they are written."""
    one_trigger = [_refer("triggerName"), _refer("trigger")]
    return {
        "name": {**options["properties"].pop("name"), "maxLength": 100, "pattern": r"^[^\s_.:/-][^\s:/]*$"},
        "trigger": {
            "description": "When the rule runs.",
            "anyOf": [*one_trigger, {"type": "array", "minItems": 1, "items": {"anyOf": one_trigger}}],
        },
        "when": {
            "description": "Expressions, every one of which must hold; any, all and not nest.",
            "anyOf": [_refer("condition"), {"type": "array", "items": _refer("condition")}],
        },
        "actions": {"description": "What the rule does, step by step.", "allOf": [_refer("steps")]},
        **options["properties"],
        "on_error": {
            "description": "What is done when a run fails, before it ends: a list of steps; `fail` for nothing more.",
            "anyOf": [{"type": "string", "enum": ["fail"]}, _refer("steps")],
            "default": "fail",
        },
    }


def _refer(name: str) -> _Schema:
    return {"$ref": f"#/definitions/{name}"}


def _take(model: type[BaseModel], definitions: _Schema) -> _Schema:
    """Describe a model; put what it is made of among the definitions."""
    schema = _describe(model)
    definitions.update(schema.pop("definitions", {}))
    return schema


def _describe(model: type[BaseModel]) -> _Schema:
    schema = model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_ForEditors)
    tidied: _Schema = _tidy(schema)
    return tidied


def _tidy(part: Any) -> Any:  # JSON
    """Leave out titles that repeat names and defaults that say nothing; keep what stands beside a $ref.

    Draft-07 overlooks what stands beside a $ref, so that goes into an allOf.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    tidied = {
        "definitions" if key == "$defs" else key: _tidy_each(value) if key in ("properties", "$defs") else _tidy(value)
        for key, value in part.items()
        if not _is_noise(key, value)
    }
    if "$ref" in tidied and len(tidied) > 1:
        tidied["allOf"] = [{"$ref": tidied.pop("$ref")}]
    return tidied


def _tidy_each(parts: Mapping[str, Any]) -> _Schema:  # JSON
    return {name: _tidy(part) for name, part in parts.items()}


def _is_noise(key: str, value: object) -> bool:
    if key == "default":
        return not isinstance(value, bool | int | float | str) or value == ""
    return key == "title" and isinstance(value, str)


def _describe_condition() -> _Schema:
    many = {"type": "array", "minItems": 1, "items": _refer("condition")}
    properties = {
        word: {"description": CONDITIONS[word], **(_refer("condition") if word == "not" else many)} for word in WORDS
    }
    group = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"anyOf": [{"type": TEXT_TYPES}, {**group, "properties": _tidy(properties)}]}


def _describe_trigger(definitions: _Schema) -> _Schema:
    identifier = {"type": TEXT_TYPES, "description": "A name for this trigger."}
    inside: _Schema = {}
    every = _take(Filters, definitions)
    for kind in events.ABOUT_SOMEBODY:
        known = {key: every["properties"][key] for key in list_filters(kind)}
        needed = {"required": ["for"]} if "for" in known else {}
        inside[_name_filters(kind)] = {**every, "properties": {**known, "id": identifier}, **needed}
    inside["schedule"] = _take(Schedule, definitions)
    inside["schedule"]["properties"]["id"] = identifier
    inside["schedule"]["oneOf"] = [{"required": ["cron"]}, {"required": ["every"]}]
    definitions.update(inside)
    nothing: _Schema = {"type": ["object", "null"], "additionalProperties": False, "properties": {"id": identifier}}
    properties: _Schema = {"id": identifier}
    for kind in events.KINDS:
        if kind == "manual":
            properties[kind] = nothing
        elif kind == "schedule":
            properties[kind] = {"allOf": [_refer("schedule")]}
        elif "for" in list_filters(kind):
            properties[kind] = {"allOf": [_refer(_name_filters(kind))]}
        else:
            properties[kind] = {"anyOf": [_refer(_name_filters(kind)), {"type": "null"}]}
        properties[kind] = {"description": TRIGGERS[kind], **properties[kind]}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [{"required": [kind]} for kind in events.KINDS],
    }


def _name_filters(kind: str) -> str:
    """Name what describes a trigger's filters; those that take the same ones share it."""
    first = next(one for one in events.ABOUT_SOMEBODY if list_filters(one) == list_filters(kind))
    return f"filters-{first}"


def _describe_step(definitions: _Schema) -> _Schema:
    properties: _Schema = {kind: _describe_kind(kind, definitions) for kind in KINDS}
    properties |= _describe_step_keys(definitions)
    mapping: _Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [*({"required": [kind]} for kind in KINDS), {"required": ["if", "then"]}],
        "dependencies": {
            "else": {"anyOf": [{"required": ["then"]}, {"required": ["choose"]}]},
            "on_ambiguous": sorted(steps.RESENDABLE),
        },
    }
    words = [{"const": kind, "description": steps.STEPS[kind].__doc__} for kind in ENDS]
    return {"anyOf": [mapping, *words]}


def _describe_step_keys(definitions: _Schema) -> _Schema:
    """Describe what a step of any kind may say beside that kind."""
    return {
        "id": {
            "type": "string",
            "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
            "description": "A name; later steps read what this one gave as `steps.name`.",
        },
        "if": {
            "type": TEXT_TYPES,
            "description": "An expression that must hold for this step, or chooses between two ways.",
        },
        "then": {"description": "The steps to take when the expression holds.", "allOf": [_refer("steps")]},
        "else": {"description": "The steps to take when it does not.", "allOf": [_refer("steps")]},
        "on_error": {
            "default": "fail",
            "description": "Whether a failure of this step ends the run; or the steps to take then, which read "
            "`error.message` and `error.step`.",
            "anyOf": [{"enum": ["fail", "continue"]}, _refer("steps")],
        },
        "retry": {
            "description": "How often it is done again when it failed and nothing of it happened; a number, or more.",
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 10}, _take(Retry, definitions)],
        },
        "timeout": _describe(Timeout)["properties"]["timeout"],
        "on_ambiguous": {
            "enum": ["park", "resend"],
            "default": "park",
            "description": "What becomes of a text of which nobody knows whether it was sent: a person decides, or "
            "it is sent once more after two looks in vain and two minutes. `resend` can text somebody twice.",
        },
    }


def _describe_way() -> _Schema:
    properties = {
        "if": {"type": TEXT_TYPES, "description": "An expression; the first way whose expression holds is taken."},
        "then": {"description": "The steps of this way.", "allOf": [_refer("steps")]},
    }
    return {"type": "object", "additionalProperties": False, "required": ["if", "then"], "properties": properties}


def _describe_kind(kind: str, definitions: _Schema) -> _Schema:
    schema = _take(steps.STEPS[kind], definitions)
    if kind == "set":
        return {"description": schema["description"], "type": "object", "minProperties": 1}
    if kind == "choose":
        return {"description": schema["description"], "type": "array", "minItems": 1, "items": _describe_way()}
    if kind == "for_each":
        schema["properties"]["do"] = {"description": "The steps to take for each item.", "allOf": [_refer("steps")]}
        schema["required"] = [*schema["required"], "do"]
    if kind == "wait_for":
        event = {"type": "string", "enum": list(events.ABOUT_SOMEBODY)}
        schema["properties"]["event"]["anyOf"] = [event, {"type": "array", "minItems": 1, "items": event}]
        late = schema["properties"]["on_timeout"]
        late["anyOf"] = [{"enum": late.pop("enum")}, _refer("steps")]
        late.pop("type", None)
    definitions[kind] = schema
    options = [_refer(kind)]
    if kind in SHORT:
        options.append({key: value for key, value in schema["properties"][SHORT[kind]].items() if key != "description"})
    if not schema.get("required") and _may_be_empty(steps.STEPS[kind]):
        options.append({"type": "null"})
    return {"description": schema.get("description", ""), **(options[0] if len(options) == 1 else {"anyOf": options})}


def _may_be_empty(model: type[BaseModel]) -> bool:
    """Whether a step may say nothing: some must say one thing of several."""
    try:
        model()
    except ValidationError:
        return False
    return True
