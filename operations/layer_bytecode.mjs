/**
 * Compiles the functions' layer: `node operations/layer_bytecode.mjs FOLDER PYTHON`.
 *
 * Lambda cannot write beside a layer, so that without bytecode it would compile what it imports on
 * every cold start. Bytecode is one Python version's own. Pyodide is CPython of the deployed
 * version in WebAssembly: it runs wherever Node does, and writes the same bytes each time.
 * The runtime takes the bytecode unchecked, and reads the source where its own version is another.
 */
import { loadPyodide } from "pyodide";

const [folder, wanted] = process.argv.slice(2);
const MOUNTED = "/opt/python";

const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
python.mountNodeFS(MOUNTED, folder);
const version = python.runPython("import sys; '.'.join(map(str, sys.version_info[:2]))");
if (version !== wanted) throw new Error(`pyodide is Python ${version}, the layer's is ${wanted}`);
const compiled = python.runPython(`
import compileall, py_compile
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir("${MOUNTED}", quiet=1, invalidation_mode=unchecked)
`);
if (!compiled) throw new Error(`not every module in ${folder} could be compiled`);
