"""Pauses that say why, and when the provider is asked again"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    with op.batch_alter_table('pauses') as batch:
        batch.add_column(sa.Column('words', sa.String(), nullable=False, server_default=''))
        batch.add_column(sa.Column('ask_at', Moment(), nullable=True))
    with op.batch_alter_table('pauses') as batch:
        batch.alter_column('words', existing_type=sa.String(), server_default=None)
