"""what was sent"""

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
    op.drop_column('messages', 'template_version')
    op.drop_column('messages', 'values')
    op.drop_column('messages', 'to')
