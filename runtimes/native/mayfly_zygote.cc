// The Python module _mayfly_zygote: zygote_wait.h for Python.
//
//   wait()           returns in what are to be functions' processes only. OSError where the warden is not there.
//   order_is_there() whether take_order() would return at once.
//   take_order()     -> list of "NAME=value" bytes: the process is the function's from then on; its variables.
#define Py_LIMITED_API 0x03080000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <unistd.h>

#include <cerrno>

#include "zygote_wait.h"

namespace {

PyObject* wait_as_zygote(PyObject*, PyObject*) {
  PyOS_BeforeFork();
  if (!mayfly::zygote::wait(mayfly::zygote::Descriptors::none)) {
    PyOS_AfterFork_Parent();
    errno = EPIPE;
    return PyErr_SetFromErrno(PyExc_OSError);
  }
  PyOS_AfterFork_Child();
  return Py_BuildValue("");
}

PyObject* order_is_there(PyObject*, PyObject*) { return PyBool_FromLong(mayfly::zygote::order_is_there()); }

PyObject* take_order(PyObject*, PyObject*) {
  const mayfly::zygote::Start start = mayfly::zygote::take_order();
  PyObject* list = PyList_New(0);
  for (const std::string& each : start.env) {
    PyObject* bytes = PyBytes_FromStringAndSize(each.data(), static_cast<Py_ssize_t>(each.size()));
    if (list == nullptr || bytes == nullptr || PyList_Append(list, bytes) != 0) _exit(126);
    Py_DecRef(bytes);
  }
  return list;
}

PyMethodDef methods[] = {{"wait", wait_as_zygote, METH_NOARGS, "Wait as a zygote; returns in processes of sandboxes only."},
                         {"order_is_there", order_is_there, METH_NOARGS, "Whether take_order() would return at once."},
                         {"take_order", take_order, METH_NOARGS, "Become a function's process; its variables."},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef_Slot slots[] = {{0, nullptr}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_mayfly_zygote", "Mayfly's zygote.", 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

extern "C" __attribute__((visibility("default"))) PyObject* PyInit__mayfly_zygote() { return PyModuleDef_Init(&definition); }
