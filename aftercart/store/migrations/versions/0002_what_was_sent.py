"""What was sent"""

import sqlalchemy as sa
from alembic import op
from aftercart.store.types import Moment
revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('renditions',
    sa.Column('message_id', sa.String(length=36), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('to', sa.String(), nullable=False),
    sa.Column('template_version', sa.String(length=12), nullable=False),
    sa.Column('values', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('message_id', 'fence', name=op.f('pk_renditions'))
    )
    op.create_table('starts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', Moment(), nullable=False),
    sa.Column('ids', sa.JSON(none_as_null=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_starts'))
    )
    op.execute('''
        INSERT INTO renditions (message_id, fence, "to", template_version, "values")
        SELECT id, fence, "to", template_version, "values" FROM messages WHERE template_version <> ''
    ''')
    op.drop_index('ix_messages_ring', table_name='messages')
    op.drop_index('ix_messages_open', table_name='messages')
    op.drop_index('ix_messages_customer_id_created_at', table_name='messages')
    with op.batch_alter_table('messages') as batch:
        batch.alter_column('ring_at', existing_type=Moment(), nullable=True)
        batch.drop_constraint('uq_messages_campaign_customer_id_occurrence_leg', type_='unique')
        batch.create_unique_constraint(
            'uq_messages_customer_id_campaign_occurrence_leg', ['customer_id', 'campaign', 'occurrence', 'leg']
        )
        batch.drop_column('to')
        batch.drop_column('values')
        batch.drop_column('template_version')
    op.execute("UPDATE messages SET ring_at = NULL WHERE state NOT IN ('scheduled', 'sending', 'uncertain')")
    is_open = sa.text('ring_at IS NOT NULL')
    op.create_index('ix_messages_ring', 'messages', ['ring_at'], sqlite_where=is_open, postgresql_where=is_open)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE messages SET (fillfactor = 60)')
