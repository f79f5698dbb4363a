"""Stacks of made-up types: their order, changes, replacements, ways back, and a process that is killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from local.deploy.engine import Engine, FailedError
from local.deploy.stack import Deployed, Event, Stack, is_locked, locked
from local.errors import RunError
from tests.local.fake_types import KilledError, World, replaced

NAME = "Lottery"


class Rehearsed:
    """A stack in a folder, and the world in which its resources are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World()
        self.events: list[Event] = []

    @property
    def stack(self) -> Stack:
        """As it is on the disk."""
        return Stack.load(self.folder, NAME)

    @property
    def engine(self) -> Engine:
        """One of a new process."""
        return Engine(self.stack, self.world.handler, self.events.append, replaced)

    def deploy(self, template: Mapping[str, Any]) -> bool:
        return self.engine.deploy(template)

    def fails(self, template: Mapping[str, Any]) -> str:
        with pytest.raises(FailedError) as failed:
            self.deploy(template)
        return str(failed.value)

    def statuses(self, logical_id: str) -> list[str]:
        return [event.status for event in self.events if event.logical_id == logical_id]


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "stack")


def resource(*needs: str, policy: str = "Delete", kind: str = "AWS::A::Thing", **properties: Any) -> dict[str, Any]:
    needed = {"needs": [{"Ref": one} for one in needs]} if needs else {}
    return {
        "Type": kind,
        "Properties": {**properties, **needed},
        "DeletionPolicy": policy,
        "UpdateReplacePolicy": "Retain" if policy != "Delete" else "Delete",
    }


def template(outputs: Mapping[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    return {"Resources": resources, **({"Outputs": outputs} if outputs else {})}


def test_resources_are_made_after_what_they_need_and_deleted_before_it(rehearsed: Rehearsed) -> None:
    last = {**resource(text="c"), "DependsOn": ["B"]}
    made = {"Type": "AWS::A::Thing", "Properties": {"text": {"Fn::Sub": "${A.Text} of ${A}"}}}
    assert rehearsed.deploy(template(C=last, B=made, A=resource(text="a"), outputs={"Out": {"Value": {"Ref": "A"}}}))
    assert rehearsed.world.calls == ["create A", "create B", "create C"]
    (name,) = [name for name, thing in rehearsed.world.things.items() if thing["id"] == "A"]
    assert [thing["text"] for thing in rehearsed.world.things.values()] == ["a", f"a of {name}", "c"]
    assert rehearsed.stack.outputs == {"Out": name}
    assert rehearsed.stack.status == "CREATE_COMPLETE"
    rehearsed.engine.destroy()
    assert rehearsed.world.calls[3:] == ["delete C", "delete B", "delete A"]
    assert not rehearsed.stack.exists
    assert rehearsed.statuses(NAME)[-1] == "DELETE_COMPLETE"


def test_what_needs_each_other_in_a_circle_is_refused_before_anything_is_made(rehearsed: Rehearsed) -> None:
    message = rehearsed.fails(template(A=resource("B"), B=resource("A")))
    assert "need each other in a circle" in message
    assert rehearsed.world.calls == []
    assert not rehearsed.stack.exists


def test_the_same_template_again_changes_nothing(rehearsed: Rehearsed) -> None:
    assert rehearsed.deploy(template(A=resource()))
    assert not rehearsed.deploy(template(A=resource()))
    assert rehearsed.world.calls == ["create A"]


def test_only_what_has_changed_is_updated_and_what_uses_its_attributes(rehearsed: Rehearsed) -> None:
    user = {"Type": "AWS::A::Thing", "Properties": {"text": {"Fn::GetAtt": ["A", "Text"]}}}
    rehearsed.deploy(template(A=resource(text="1"), B=resource(), C=user))
    rehearsed.deploy(template(A=resource(text="2"), B=resource(), C=user))
    assert rehearsed.world.calls[3:] == ["update A", "update C"]
    assert rehearsed.stack.status == "UPDATE_COMPLETE"


def test_a_replacement_is_made_first_and_the_replaced_one_is_deleted_in_the_clean_up(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource(fixed=1), B=resource("A"), Gone=resource("A")))
    before = set(rehearsed.world.things)
    rehearsed.deploy(template(A=resource(fixed=2), B=resource("A")))
    assert rehearsed.world.calls[3:] == ["create A", "update B", "delete Gone", "delete A"]
    assert len(set(rehearsed.world.things) & before) == 1
    assert "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" in rehearsed.statuses(NAME)
    (reason,) = [event.reason for event in rehearsed.events if event.reason.startswith("requires")]
    assert reason == "requires a new resource: fixed"


def test_a_replaced_one_is_retained_if_its_policy_says_so(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource(fixed=1, policy="RetainExceptOnCreate")))
    rehearsed.deploy(template(A=resource(fixed=2, policy="RetainExceptOnCreate")))
    assert sorted(thing["fixed"] for thing in rehearsed.world.things.values()) == [1, 2]
    assert [one.properties["fixed"] for one in rehearsed.stack.retained] == [1]


def test_another_type_is_a_replacement(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource()))
    rehearsed.deploy(template(A=resource(kind="AWS::B::Thing")))
    assert [thing["type"] for thing in rehearsed.world.things.values()] == ["AWS::B::Thing"]


@pytest.mark.parametrize(("policy", "stays"), [("Delete", False), ("RetainExceptOnCreate", False), ("Retain", True)])
def test_a_create_that_fails_leaves_only_what_is_always_retained(
    rehearsed: Rehearsed, policy: str, stays: bool
) -> None:
    rehearsed.world.refused.add("create B")
    message = rehearsed.fails(template(A=resource(policy=policy), B=resource("A")))
    assert message == "Lottery was rolled back: B: create B is refused"
    assert bool(rehearsed.world.things) is stays
    assert not rehearsed.stack.exists
    assert rehearsed.statuses(NAME) == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert rehearsed.statuses("B")[:2] == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]
    rehearsed.world.refused.clear()
    assert rehearsed.deploy(template(A=resource(policy=policy), B=resource("A")))


@pytest.mark.parametrize(("policy", "stays"), [("Delete", 0), ("RetainExceptOnCreate", 1), ("Retain", 1)])
def test_a_deletion_retains_what_the_policy_says_and_a_new_stack_stands_beside_it(
    rehearsed: Rehearsed, policy: str, stays: int
) -> None:
    for number in (1, 2):
        rehearsed.deploy(template(A=resource(policy=policy), B=resource("A")))
        rehearsed.engine.destroy()
        assert len(rehearsed.world.things) == stays * number
        assert len(rehearsed.stack.retained) == stays * number


def test_an_update_that_fails_goes_back_in_the_order_of_an_update(rehearsed: Rehearsed) -> None:
    old = template(A=resource(text="old"), B=resource("A", fixed=1), C=resource("B", text="old"), D=resource("C"))
    rehearsed.deploy(old)
    before = dict(rehearsed.world.things)
    rehearsed.world.refused.add("create E")
    new = template(
        A=resource(text="new"), B=resource("A", fixed=2), C=resource("B", text="new"), E=resource("C"), F=resource()
    )
    message = rehearsed.fails(new)
    assert message == "Lottery was rolled back: E: create E is refused"
    assert rehearsed.world.things == before
    assert rehearsed.world.calls[4:] == [
        *("update A", "create B", "update C", "create E"),
        *("update A", "update C", "delete E", "delete B"),
    ]
    assert rehearsed.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert not rehearsed.deploy(old)


def test_a_way_back_that_fails_is_told_and_can_be_gone_again(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource(text="old"), B=resource(text="old")))
    rehearsed.world.refused |= {"update B"}
    new = template(A=resource(text="new"), B=resource(text="new"))
    message = rehearsed.fails(new)
    assert message.startswith("Lottery could not be rolled back (B: update B is refused), after: B: update B")
    assert rehearsed.stack.status == "UPDATE_ROLLBACK_FAILED"
    rehearsed.world.refused.clear()
    rehearsed.engine.resume()
    assert rehearsed.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert {thing["text"] for thing in rehearsed.world.things.values()} == {"old"}


def test_what_cannot_be_deleted_stays_with_the_stack_until_it_can(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource(), B=resource("A")))
    rehearsed.world.refused.add("delete A")
    with pytest.raises(FailedError, match=r"Lottery could not be deleted: A: delete A is refused; destroy it again"):
        rehearsed.engine.destroy()
    assert rehearsed.stack.status == "DELETE_FAILED"
    assert [one.logical_id for one in rehearsed.stack.resources.values()] == ["A"]
    rehearsed.world.refused.clear()
    rehearsed.engine.destroy()
    assert rehearsed.world.things == {}
    assert not rehearsed.stack.exists


def test_an_interruption_is_a_failure_that_is_rolled_back(rehearsed: Rehearsed) -> None:
    class Interrupted(World):
        def effect(self, call: str, what: Callable[[], None]) -> None:
            super().effect(call, what)
            if call == "create B":
                raise KeyboardInterrupt

    rehearsed.world = Interrupted()
    assert rehearsed.fails(template(A=resource(), B=resource())) == "Lottery was rolled back: B: interrupted"
    assert rehearsed.world.things == {}


def test_an_attribute_that_a_type_does_not_have_is_a_failure(rehearsed: Rehearsed) -> None:
    user = {"Type": "AWS::A::Thing", "Properties": {"text": {"Fn::GetAtt": ["A", "Arn"]}}}
    message = rehearsed.fails(template(A=resource(), B=user))
    assert message == "Lottery was rolled back: A (AWS::A::Thing) has no attribute Arn here"
    assert rehearsed.world.things == {}


def test_a_stack_that_is_made_again_has_another_id_and_other_names(rehearsed: Rehearsed) -> None:
    stack_ids, names = set(), set()
    for _ in range(2):
        rehearsed.deploy(template(A=resource(policy="Retain", text={"Ref": "AWS::StackId"})))
        stack_ids.add(rehearsed.stack.id)
        names |= set(rehearsed.world.things)
        rehearsed.engine.destroy()
    assert len(stack_ids) == len(names) == 2
    assert {thing["text"] for thing in rehearsed.world.things.values()} == stack_ids


# Any templates, anything that goes wrong.

IDS = "ABCDE"


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Resources that need some of those before them, some of them in another order in the template."""
    ids = draw(st.permutations(IDS))[: draw(st.integers(1, len(IDS)))]
    made = {}
    for number, one in enumerate(ids):
        made[one] = resource(
            *draw(st.lists(st.sampled_from(ids[:number]), unique=True, max_size=2) if number else st.just([])),
            policy=draw(st.sampled_from(["Delete", "RetainExceptOnCreate", "Retain"])),
            text=draw(st.sampled_from("xy")),
            fixed=draw(st.sampled_from([1, 2])),
        )
    order = draw(st.permutations(ids))
    return template(**{one: made[one] for one in order})


def live(rehearsed: Rehearsed) -> dict[str, Mapping[str, Any]]:
    """What there is but for the retained."""
    kept = {one.physical_id for one in rehearsed.stack.retained}
    return {name: thing for name, thing in rehearsed.world.things.items() if name not in kept}


def check_as_told(rehearsed: Rehearsed, wanted: Mapping[str, Any]) -> None:
    """The world has what the stack says, and the stack what the template says."""
    stack, things = rehearsed.stack, live(rehearsed)
    assert set(stack.resources) == set(wanted["Resources"])
    assert {one.physical_id for one in stack.resources.values()} == set(things)
    for one in stack.resources.values():
        body, thing = wanted["Resources"][one.logical_id]["Properties"], things[one.physical_id]
        assert (thing["text"], thing["fixed"]) == (body["text"], body["fixed"])
        assert {needed["Ref"] for needed in body.get("needs", [])} == {
            things[needed]["id"] for needed in thing.get("needs", [])
        }
    assert not stack.interrupted
    assert stack.doomed == []


any_stacks = settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@any_stacks
@given(old=templates(), new=templates(), refused=st.sets(st.sampled_from([f"create {one}" for one in IDS]), max_size=1))
def test_any_update_ends_as_the_template_or_as_before(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, Any], new: dict[str, Any], refused: set[str]
) -> None:
    rehearsed = Rehearsed(tmp_path_factory.mktemp("stack"))
    rehearsed.deploy(old)
    check_as_told(rehearsed, old)
    before = live(rehearsed)
    rehearsed.world.refused = refused
    try:
        rehearsed.deploy(new)
    except FailedError:
        assert live(rehearsed) == before
        check_as_told(rehearsed, old)
    else:
        check_as_told(rehearsed, new)
    rehearsed.world.refused = set()
    rehearsed.engine.destroy()
    assert live(rehearsed) == {}


@any_stacks
@given(old=templates(), new=templates(), killed_at=st.integers(0, 25), after_effect=st.booleans(), twice=st.booleans())
def test_a_process_that_is_killed_anywhere_leaves_what_the_next_one_can_end(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, Any],
    new: dict[str, Any],
    killed_at: int,
    after_effect: bool,
    twice: bool,
) -> None:
    rehearsed = Rehearsed(tmp_path_factory.mktemp("stack"))
    world = rehearsed.world
    world.killed_at, world.after_effect = killed_at, after_effect
    reached = None
    with suppress(KilledError):
        rehearsed.deploy(old)
        reached = old
        rehearsed.deploy(new)
        reached = new
    world.killed_at = len(world.calls) + 1 if twice else None
    with suppress(KilledError):
        rehearsed.engine.resume()
    world.killed_at = None
    rehearsed.engine.resume()
    stack = rehearsed.stack
    if stack.exists:
        check_as_told(rehearsed, new if stack.template == new else old)
        assert reached is None or stack.template in (reached, new)
    else:
        assert reached is None
        assert live(rehearsed) == {}
    if not rehearsed.deploy(new):
        assert stack.template == new
    check_as_told(rehearsed, new)


def test_a_record_is_read_as_it_was_written(rehearsed: Rehearsed) -> None:
    rehearsed.deploy(template(A=resource(text="a"), B=resource("A")))
    stack = rehearsed.stack
    stack.begin("UPDATE_IN_PROGRESS")
    stack.doomed.append(Deployed(logical_id="X", type="AWS::A::Thing", properties={}, name="x"))
    stack.save()
    assert rehearsed.stack == stack


def test_two_processes_cannot_change_one_stack(tmp_path: Path) -> None:
    assert not is_locked(tmp_path, "lottery")
    with locked(tmp_path, "lottery"):
        assert is_locked(tmp_path, "lottery")
        assert not is_locked(tmp_path, "data-generator")
        with (
            pytest.raises(RunError, match="the stack lottery is being changed by another process; wait until"),
            locked(tmp_path, "lottery"),
        ):
            pass
    assert not is_locked(tmp_path, "lottery")
