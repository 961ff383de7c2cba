"""Whom a ramp has let in, and what speaks against a campaign"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    op.create_table('ramped',
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('customer_id', sa.String(), nullable=False),
    sa.Column('at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('campaign', 'customer_id', name=op.f('pk_ramped'))
    )
    op.create_table('troubles',
    sa.Column('message_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('message_id', 'kind', name=op.f('pk_troubles'))
    )
    op.create_index(op.f('ix_troubles_at'), 'troubles', ['at'])
