"""The generator: reads schemas, facts and templates, and writes typed messages.

`generate` returns the text of all files; `publish` writes them and `compare` checks those on disk.
`compare_schemas` judges what changed between two sets of schemas.
"""

from ._effective_set import effective_set
from ._errors import CodegenError
from ._pipeline import (
    VERSIONS,
    Job,
    OpenJob,
    generate,
    load_api,
)
from ._project import (
    NO_PROJECT,
    PROJECT_FILES,
    Project,
    ProjectVersion,
    find_project,
    read_project,
)
from ._resources import schemas_dir, templates_dir
from .diff._compare import AcceptedChange, Change, Diff, Travel, compare_schemas
from .diff._judge import Bump, ChangeKind, ChangeVerdict, Judgement, Row
from .diff._open_set import open_set, senders_of
from .diff._report import REPORTS
from .diff._review import Acceptance, Selection, accept, edition_of, load_accepted, select
from .model._facts import (
    ActionFacts,
    ProtocolFacts,
    RoleFacts,
    VersionFacts,
    facts_files_of,
    has_sends,
    known_versions,
    load_facts,
)
from .model._ir import (
    Api,
    ApiAction,
    ApiMessage,
    Array,
    Datatype,
    Doc,
    EnumMember,
    EnumType,
    Field,
    Kind,
    Ref,
    Scalar,
    StandardNames,
    Type,
    Value,
    ValueList,
    Variable,
    refs,
)
from .reference._reference_pages import REFERENCE, emit_reference
from .reference._reply_table import Answer, Engine, Reaction
from .reference._type_texts import bounds_of, type_in_words
from .render._emit import FLAVOURS
from .render._publish import (
    Drift,
    PackageTree,
    compare,
    notes_on,
    package_tree,
    publish,
    show_drift,
)
from .render._variable_keys import by_component, key_notes
from .schemas._errata import (
    Applied,
    Corrections,
    EditOutcome,
    Errata,
    apply_errata,
    load_corrections,
    load_errata,
)
from .schemas._import import ImportReport, Suggestion, import_schemas, suggest_corrections
from .schemas._lock import check_lock
from .schemas._schema_set import SchemaFile, SchemaSet, folder_of, load_set
from .schemas._verify import Status, VerifyReport, VerifyRow, verify_schemas

__all__ = [
    "FLAVOURS",
    "NO_PROJECT",
    "PROJECT_FILES",
    "REFERENCE",
    "REPORTS",
    "VERSIONS",
    "Acceptance",
    "AcceptedChange",
    "ActionFacts",
    "Answer",
    "Api",
    "ApiAction",
    "ApiMessage",
    "Applied",
    "Array",
    "Bump",
    "Change",
    "ChangeKind",
    "ChangeVerdict",
    "CodegenError",
    "Corrections",
    "Datatype",
    "Diff",
    "Doc",
    "Drift",
    "EditOutcome",
    "Engine",
    "EnumMember",
    "EnumType",
    "Errata",
    "Field",
    "ImportReport",
    "Job",
    "Judgement",
    "Kind",
    "OpenJob",
    "PackageTree",
    "Project",
    "ProjectVersion",
    "ProtocolFacts",
    "Reaction",
    "Ref",
    "RoleFacts",
    "Row",
    "Scalar",
    "SchemaFile",
    "SchemaSet",
    "Selection",
    "StandardNames",
    "Status",
    "Suggestion",
    "Travel",
    "Type",
    "Value",
    "ValueList",
    "Variable",
    "VerifyReport",
    "VerifyRow",
    "VersionFacts",
    "accept",
    "apply_errata",
    "bounds_of",
    "by_component",
    "check_lock",
    "compare",
    "compare_schemas",
    "edition_of",
    "effective_set",
    "emit_reference",
    "facts_files_of",
    "find_project",
    "folder_of",
    "generate",
    "has_sends",
    "import_schemas",
    "key_notes",
    "known_versions",
    "load_accepted",
    "load_api",
    "load_corrections",
    "load_errata",
    "load_facts",
    "load_set",
    "notes_on",
    "open_set",
    "package_tree",
    "publish",
    "read_project",
    "refs",
    "schemas_dir",
    "select",
    "senders_of",
    "show_drift",
    "suggest_corrections",
    "templates_dir",
    "type_in_words",
    "verify_schemas",
]
