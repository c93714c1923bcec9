"""The routes of every view, one file each. A socket has none: it comes in another way (`app`)."""

from live.routes import (
    badge,
    desk,
    do,
    health,
    lists,
    look,
    office,
    people,
    phone,
    printing,
    registration,
    screen,
    tablet,
    teller,
)

VIEWS = (
    phone, badge, do, desk, office, people, lists, look, printing, registration, screen, tablet, teller, health,
)  # fmt: skip
ROUTES = [route for view in VIEWS for route in view.routes]
