"""Birthdays and the day since which somebody is a customer"""

import sqlalchemy as sa
from alembic import op
revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.add_column('customers', sa.Column('birthday', sa.String(length=5), nullable=False, server_default=''))
    op.add_column('customers', sa.Column('since', sa.String(length=10), nullable=False, server_default=''))
    op.create_index(op.f('ix_customers_birthday'), 'customers', ['birthday'])
