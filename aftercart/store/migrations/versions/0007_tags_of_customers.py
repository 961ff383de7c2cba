"""Tags of customers"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.create_table('customer_tags',
    sa.Column('customer_id', sa.String(), nullable=False),
    sa.Column('tag', sa.String(length=64), nullable=False),
    sa.Column('at', Moment(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'tag', name=op.f('pk_customer_tags'))
    )
