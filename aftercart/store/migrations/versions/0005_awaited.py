"""Texts of which the provider still owes us a word"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.create_table('awaited',
    sa.Column('message_id', sa.String(length=36), nullable=False),
    sa.Column('ask_at', Moment(), nullable=False),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_awaited'))
    )
    op.create_index(op.f('ix_awaited_ask_at'), 'awaited', ['ask_at'])
