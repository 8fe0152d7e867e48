"""The guards' settings as the configuration writes them under `guards:`; each guard takes `off`. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from quoflow.core.durations import Duration
from quoflow.core.lists import as_tuple

OFF = "off"


class _OrOff:
    """Lets a setting be the word `off`, read as None; nothing at all is an error, so that no guard falls by a slip."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # pydantic's own
        return core_schema.no_info_before_validator_function(
            _read_off,
            handler(source),
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, serialize: OFF if value is None else serialize(value)
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:  # JSON
        plain = handler(schema)
        options = [option for option in plain.pop("anyOf") if option != {"type": "null"}]
        return {**plain, "anyOf": [*options, {"const": OFF, "type": "string"}]}


def _read_off(value: object) -> object:
    if value is None or value == "":
        raise ValueError("it is empty: write `off`, or what it should be")
    return None if isinstance(value, str) and value.lower() == OFF else value


def _read_clock(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007  a wall clock has no zone
    except ValueError:
        raise ValueError(f"`{value}` is not a time of day; write hours and minutes, such as 08:00 or 20:30") from None


ClockTime = Annotated[
    time,
    BeforeValidator(_read_clock),
    PlainSerializer(lambda clock: clock.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$", "examples": ["08:00", "20:00"]}),
]

Country = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{2}$")]
Countries = Annotated[tuple[Country, ...], Field(min_length=1), BeforeValidator(as_tuple)]


AtLeastOne = Annotated[int, Field(ge=1)]
FieldName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QuietHours(_Settings):
    """Texts go out only between `from` and `to`, on the clock of every time zone the recipient's number may be in."""

    from_: ClockTime = Field(
        time(8),
        alias="from",
        description="The first minute at which texts may go out.",
        json_schema_extra={"default": "08:00"},
    )
    to: ClockTime = Field(
        time(20),
        description="The minute from which texts wait for the next morning.",
        json_schema_extra={"default": "20:00"},
    )
    reply_exempt: Annotated[Duration | None, _OrOff()] = Field(
        None,
        description="An answer within this time of their own text may go out at any hour; `off`: never.",
        json_schema_extra={"default": OFF},
    )
    timezone_field: Annotated[FieldName | None, _OrOff()] = Field(
        None,
        description="The contact's custom field that holds their IANA time zone, by key; it goes before the number's.",
        json_schema_extra={"default": OFF},
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> QuietHours:
        if self.from_ >= self.to:
            raise ValueError("`from` must be earlier than `to`, on the same day")
        return self


class ContactCap(_Settings):
    """How many texts one contact gets from quoflow at most, over all rules and lines, whoever approved them."""

    per_hour: int = Field(3, ge=1, description="Texts to one contact within any 60 minutes.")
    per_day: int = Field(10, ge=1, description="Texts to one contact within any 24 hours.")
    per_rule_per_day: Annotated[AtLeastOne | None, _OrOff()] = Field(
        None,
        description="Texts to one contact by one rule within any 24 hours.",
        json_schema_extra={"default": OFF},
    )
    per_conversation_per_day: Annotated[AtLeastOne | None, _OrOff()] = Field(
        None,
        description="Texts to one contact from one line within any 24 hours.",
        json_schema_extra={"default": OFF},
    )


class Budget(_Settings):
    """How much is sent in a day, from midnight to midnight in the configured time zone."""

    segments_per_day: int = Field(5000, ge=1, description="SMS segments a day, by the higher of two counts.")
    dollars_per_day: Decimal = Field(Decimal(25), gt=0, description="Dollars a day, at `cents_per_segment`.")
    cents_per_segment: Decimal = Field(
        Decimal(1), gt=0, description="What a segment costs at most; 1 cent in the United States and Canada."
    )


class OptOut(_Settings):
    """Who asked us to stop, by a word (STOP…) or in other words ("leave me alone"), gets no text from any rule."""


class Loop(_Settings):
    """Breaks the talk of two machines: too many texts, answers that come too fast, the same text again."""

    automatic_per_hour: int = Field(3, ge=1, description="Texts in one conversation within any 60 minutes.")
    faster_than: Annotated[Duration | None, _OrOff()] = Field(
        timedelta(seconds=15),
        description="Who answers our text faster than this is a machine, and gets no answer without a person's yes.",
        json_schema_extra={"default": "15s"},
    )
    same_text_within: Annotated[Duration | None, _OrOff()] = Field(
        timedelta(hours=1),
        description="How long the text that went last is not sent again without a person's yes.",
        json_schema_extra={"default": "1h"},
    )


class GuardSettings(_Settings):
    """The guards that every text passes. Each takes `off`; the kill switch (`quoflow pause`) does not."""

    quiet_hours: Annotated[QuietHours | None, _OrOff()] = Field(
        QuietHours(), description="Hours in which texts may go out."
    )
    contact_cap: Annotated[ContactCap | None, _OrOff()] = Field(
        ContactCap(), description="The most automatic texts one contact gets."
    )
    budget: Annotated[Budget | None, _OrOff()] = Field(Budget(), description="The most that is sent in a day.")
    countries: Annotated[Countries | None, _OrOff()] = Field(
        ("US", "CA"), description="ISO codes of the countries that may be texted, such as US."
    )
    opt_out: Annotated[OptOut | None, _OrOff()] = Field(OptOut(), description="Whether STOP is honoured; `{}` is yes.")
    loop: Annotated[Loop | None, _OrOff()] = Field(Loop(), description="What breaks the talk of two machines.")
