"""Bells apart from messages; the line "sending" of a story is the rendition of that claim"""

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
    with op.batch_alter_table('renditions') as batch:
        batch.alter_column('at', existing_type=Moment(), nullable=False)
        batch.alter_column('actor', existing_type=sa.String(), nullable=False)
    op.create_table('bells',
    sa.Column('message_id', sa.String(length=36), nullable=False),
    sa.Column('ring_at', Moment(), nullable=False),
    sa.Column('rung', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_bells'))
    )
    op.execute('INSERT INTO bells (message_id, ring_at, rung) SELECT id, ring_at, 0 FROM messages WHERE ring_at IS NOT NULL')
    op.create_index(op.f('ix_bells_ring_at'), 'bells', ['ring_at'])
    op.drop_index('ix_messages_ring', table_name='messages')
    with op.batch_alter_table('messages') as batch:
        batch.drop_column('ring_at')
