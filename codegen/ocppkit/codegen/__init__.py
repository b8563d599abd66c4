"""Code generator: reads OCPP's JSON schemas, facts and templates, and writes Python packages of typed messages.

`generate` returns the text of all files, `publish` writes them, and `compare` compares them with the files on disk.
`compare_schemas` lists what changed between two sets of schemas and says which changes break old software.
"""

from ._effective_set import load_effective_set
from ._errors import CodegenError, did_you_mean
from ._pipeline import (
    VERSIONS,
    Job,
    LoadedJob,
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
from .diff._compare import AcceptedChange, AffectedMessage, Change, Diff, compare_schemas
from .diff._judge import Bump, ChangeKind, ChangeVerdict, Judgement, KindVerdicts
from .diff._open_set import open_set, senders_of
from .diff._report import REPORTS
from .diff._review import Acceptance, Selection, accept, edition_of, load_accepted, select
from .model._facts import ActionFacts, ProtocolFacts, RoleFacts, VersionFacts
from .model._facts_files import facts_files_of, has_sends, known_versions, load_facts
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
)
from .reference._examples import Examples, without_family_ending
from .reference._reference_pages import REFERENCE, render_reference
from .reference._reply_table import Answer, Engine, Reaction
from .reference._type_texts import bounds_of, type_in_words
from .render._flavours import FLAVOURS
from .render._publish import (
    Drift,
    PackageTree,
    compare,
    drift_notes,
    package_tree,
    publish,
    render_drift,
)
from .render._variable_keys import by_component, key_notes
from .schemas._errata import (
    Corrections,
    EditOutcome,
    EditReport,
    Errata,
    apply_errata,
    load_corrections,
    load_errata,
)
from .schemas._import import ImportReport, import_schemas
from .schemas._lock import check_lock
from .schemas._schema_set import SchemaFile, SchemaSet, folder_of, load_set
from .schemas._suggestions import Suggestion, suggest_corrections
from .schemas._verify import VerifyReport, VerifyRow, VerifyStatus, verify_schemas

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
    "AffectedMessage",
    "Answer",
    "Api",
    "ApiAction",
    "ApiMessage",
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
    "EditReport",
    "Engine",
    "EnumMember",
    "EnumType",
    "Errata",
    "Examples",
    "Field",
    "ImportReport",
    "Job",
    "Judgement",
    "Kind",
    "KindVerdicts",
    "LoadedJob",
    "PackageTree",
    "Project",
    "ProjectVersion",
    "ProtocolFacts",
    "Reaction",
    "Ref",
    "RoleFacts",
    "Scalar",
    "SchemaFile",
    "SchemaSet",
    "Selection",
    "StandardNames",
    "Suggestion",
    "Type",
    "Value",
    "ValueList",
    "Variable",
    "VerifyReport",
    "VerifyRow",
    "VerifyStatus",
    "VersionFacts",
    "accept",
    "apply_errata",
    "bounds_of",
    "by_component",
    "check_lock",
    "compare",
    "compare_schemas",
    "did_you_mean",
    "drift_notes",
    "edition_of",
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
    "load_effective_set",
    "load_errata",
    "load_facts",
    "load_set",
    "open_set",
    "package_tree",
    "publish",
    "read_project",
    "render_drift",
    "render_reference",
    "schemas_dir",
    "select",
    "senders_of",
    "suggest_corrections",
    "templates_dir",
    "type_in_words",
    "verify_schemas",
    "without_family_ending",
]
