"""People on their way who wait for an event"""

import sqlalchemy as sa
from alembic import op
revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.add_column('enrollments', sa.Column('awaits', sa.String(), nullable=False, server_default=''))
    op.create_index('ix_enrollments_awaits', 'enrollments', ['customer_id', 'awaits'], sqlite_where=sa.text("awaits <> ''"), postgresql_where=sa.text("awaits <> ''"))
