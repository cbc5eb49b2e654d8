"""A campaign's settings, targets, answers and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from undersigned.base.answers import data
from undersigned.campaigns.cursors import TARGET_POSITION, cursor_of
from undersigned.counting.rules.tallies import CountedBy
from undersigned.organizing.overviews import Overview
from undersigned.organizing.routes.deliveries import delivery_values
from undersigned.people.routes.programs import ApiRoutes
from undersigned.workshop.pages.campaign_values import settings_values

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.campaigns.rules.campaigns import Answer
    from undersigned.campaigns.rules.stops import Stop
    from undersigned.organizing.overviews import TargetState
    from undersigned.people.requests import ApiRequest

routes = ApiRoutes()


@routes.get("", "counts")
def show_campaign(request: ApiRequest) -> Response[str]:
    """Return a campaign's settings, counts and controls."""
    found = Overview(request.stack, request.campaign)
    settings = found.campaign
    return data(
        {
            "campaign": settings.id,
            "title": settings.title,
            "language": settings.language,
            "organizer": settings.organizer.name,
            "opens": settings.opens.isoformat() if settings.opens else None,
            "closes": settings.closes.isoformat() if settings.closes else None,
            "closed_at": found.controls.closed_at.isoformat() if found.controls.closed_at else None,
            "open": found.is_open,
            "signatures": found.count.signatures,
            "goal": found.count.goal,
            "paused": found.controls.paused,
            "send_now_only": settings.send_now_only,
            "privacy_url": settings.privacy_url,
            "kept_until": settings.kept_until.isoformat() if settings.kept_until else None,
            "next_delivery": None if settings.send_now_only else found.next_delivery.isoformat(),
            "postponed_emails": {
                "quarantined": found.postponed["suspicious"],
                "others": found.postponed["clean"],
            },
            "unconfirmed": {"forms": found.unconfirmed.forms, "is_part": found.unconfirmed.is_part},
            "wrong_addresses": found.unconfirmed.wrong_addresses,
            "scope": request.key.scope,
            "settings": settings_values(settings),
        }
    )


@routes.get("/targets", "counts")
def list_targets(request: ApiRequest) -> Response[str]:
    """List targets with the number of letters in each tray."""
    found = Overview(request.stack, request.campaign, request.position(TARGET_POSITION), request.limit(50, most=200))
    campaign, today = found.campaign, found.today
    targets = [_target(state) | {"unanswered": state.is_unanswered(campaign, today)} for state in found.targets.items]
    return data({"targets": targets, "next": cursor_of(found.targets.next_position)})


def _target(state: TargetState) -> dict[str, object]:
    target = state.target
    return {
        "id": target.id,
        "title": target.title,
        "name": target.name,
        "department": target.department,
        "locality": target.locality,
        "email": target.email,
        "postal_address": target.postal_address,
        "postal_codes": target.postal_codes,
        "retired": target.retired,
        "held_because": target.why_held(),
        "stopped": _stop(target.stopped) if target.stopped else None,
        "waiting": state.waiting,
        "answer": _answer(target.answer) if target.answer else None,
        "on_paper": target.on_paper.letters if target.on_paper else 0,
        "needs_attention": [
            {"period": delivery.key.period, "question": question} for delivery, question in state.questions
        ],
        "last_delivery": delivery_values(state.last_delivery) if state.last_delivery else None,
    }


def _stop(stop: Stop) -> dict[str, object]:
    accepted = stop.accepted_at.isoformat() if stop.accepted_at else None
    return {"at": stop.at.isoformat(), "reason": stop.reason, "accepted_at": accepted}


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "day": answer.day.isoformat(),
        "text": answer.text,
        "public": answer.is_public,
        "by": answer.by,
        "at": answer.at.isoformat(),
    }


@routes.get("/counts", "counts")
def count(request: ApiRequest) -> Response[str]:
    """Return the counts, grouped by the request's `by`."""
    by: CountedBy = request.choice("by", get_args(CountedBy)) or "target"
    found = Overview(request.stack, request.campaign)
    counts = found.counts_by(by)
    total = max(sum(counts.values()), found.count.signatures if by == "source" else 0)
    return data({"campaign": request.campaign, "signatures": total, "by": by, "counts": counts})
