"""The workshop: schemas, facts and templates in, typed messages out.

`generate` is the regeneration's walk, `publish` and `compare` are its two ends; `compare_schemas` judges
what changed between two sets of schemas.
"""

from ._errors import CodegenError
from ._pipeline import VERSIONS, Job, generate, load_api
from ._resources import schemas_dir, templates_dir
from .diff._compare import Change, Diff, Travel, compare_schemas
from .diff._judge import Bump, Judgement, Row, Rule, Verdict
from .diff._open_set import open_set, senders_of
from .diff._report import REPORTS
from .model._facts import ActionFacts, ProtocolFacts, RoleFacts, VersionFacts, load_facts
from .model._ir import (
    Action,
    Api,
    Array,
    Datatype,
    Doc,
    Enum,
    Field,
    Kind,
    Member,
    Message,
    Ref,
    Scalar,
    Type,
    refs,
)
from .reference._reference import REFERENCE, emit_reference
from .reference._reply_table import Answer, Engine, Reaction
from .reference._type_texts import bounds_of, type_in_words
from .render._emit import FLAVOURS
from .render._publish import Drift, Tree, compare, package_tree, publish, show_drift
from .schemas._errata import Applied, Errata, apply_errata, load_errata
from .schemas._import import ImportReport, import_schemas
from .schemas._lock import check_lock
from .schemas._schema_set import SchemaFile, SchemaSet, load_set
from .schemas._verify import Status, VerifyReport, VerifyRow, verify_schemas

__all__ = [
    "FLAVOURS",
    "REFERENCE",
    "REPORTS",
    "VERSIONS",
    "Action",
    "ActionFacts",
    "Answer",
    "Api",
    "Applied",
    "Array",
    "Bump",
    "Change",
    "CodegenError",
    "Datatype",
    "Diff",
    "Doc",
    "Drift",
    "Engine",
    "Enum",
    "Errata",
    "Field",
    "ImportReport",
    "Job",
    "Judgement",
    "Kind",
    "Member",
    "Message",
    "ProtocolFacts",
    "Reaction",
    "Ref",
    "RoleFacts",
    "Row",
    "Rule",
    "Scalar",
    "SchemaFile",
    "SchemaSet",
    "Status",
    "Travel",
    "Tree",
    "Type",
    "Verdict",
    "VerifyReport",
    "VerifyRow",
    "VersionFacts",
    "apply_errata",
    "bounds_of",
    "check_lock",
    "compare",
    "compare_schemas",
    "emit_reference",
    "generate",
    "import_schemas",
    "load_api",
    "load_errata",
    "load_facts",
    "load_set",
    "open_set",
    "package_tree",
    "publish",
    "refs",
    "schemas_dir",
    "senders_of",
    "show_drift",
    "templates_dir",
    "type_in_words",
    "verify_schemas",
]
