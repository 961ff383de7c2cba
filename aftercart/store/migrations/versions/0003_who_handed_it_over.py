"""Who handed it over: the line "sending" of a story is the rendition of that claim"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0003'
down_revision = '0002'

# The n-th claim of a message carried the fence n.
_CLAIMS = '''
    SELECT id, message_id, at, actor, row_number() OVER (PARTITION BY message_id ORDER BY id) AS fence
    FROM message_events WHERE word = 'sending'
'''


def upgrade() -> None:
    op.add_column('renditions', sa.Column('at', Moment(), nullable=True))
    op.add_column('renditions', sa.Column('actor', sa.String(), nullable=True))
    op.execute(f'''
        UPDATE renditions SET at = c.at, actor = c.actor FROM ({_CLAIMS}) AS c
        WHERE renditions.message_id = c.message_id AND renditions.fence = c.fence
    ''')
    op.execute(f'''
        DELETE FROM message_events WHERE id IN (
            SELECT c.id FROM ({_CLAIMS}) AS c
            JOIN renditions ON renditions.message_id = c.message_id AND renditions.fence = c.fence
        )
    ''')
    op.execute('''
        UPDATE renditions SET actor = '', at = (
            SELECT coalesce(m.sending_at, m.created_at) FROM messages m WHERE m.id = renditions.message_id
        ) WHERE at IS NULL
    ''')
    op.add_column('messages', sa.Column('rung', sa.Integer(), nullable=False, server_default='0'))
    with op.batch_alter_table('renditions') as batch:
        batch.alter_column('at', existing_type=Moment(), nullable=False)
        batch.alter_column('actor', existing_type=sa.String(), nullable=False)
