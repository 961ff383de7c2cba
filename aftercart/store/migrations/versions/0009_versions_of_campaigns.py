"""The versions of campaigns that people have entered with"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.tables.columns import Json
from aftercart.store.types import Moment
revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.create_table('campaign_versions',
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('version', sa.String(length=12), nullable=False),
    sa.Column('sources', Json, nullable=False),
    sa.Column('first_used_at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('campaign', 'version', name=op.f('pk_campaign_versions'))
    )
