"""Everything that a shopper can see on the two faces of the page."""

from tests.end_to_end import device_states, page_states, sale_states

EVERY_STATE = (*page_states.STATES, *sale_states.STATES, *device_states.STATES)
