// The Python module _mayfly_zygote: zygote_wait.h for Python.
//
//   wait() -> list of "NAME=value" bytes: returns in processes of sandboxes only, with the function's variables. OSError where
//             the warden is not there.
#define Py_LIMITED_API 0x03080000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <unistd.h>

#include <cerrno>

#include "zygote_wait.h"

namespace {

PyObject* wait_for_order(PyObject*, PyObject*) {
  PyOS_BeforeFork();
  auto start = mayfly::zygote::wait(mayfly::zygote::Descriptors::none);
  if (!start) {
    PyOS_AfterFork_Parent();
    errno = EPIPE;
    return PyErr_SetFromErrno(PyExc_OSError);
  }
  PyOS_AfterFork_Child();
  PyObject* list = PyList_New(0);
  for (const std::string& each : start->env) {
    PyObject* bytes = PyBytes_FromStringAndSize(each.data(), static_cast<Py_ssize_t>(each.size()));
    if (list == nullptr || bytes == nullptr || PyList_Append(list, bytes) != 0) _exit(126);
    Py_DecRef(bytes);
  }
  return list;
}

PyMethodDef methods[] = {{"wait", wait_for_order, METH_NOARGS, "Wait as a zygote; returns in processes of sandboxes only."},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef_Slot slots[] = {{0, nullptr}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_mayfly_zygote", "Mayfly's zygote.", 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

extern "C" __attribute__((visibility("default"))) PyObject* PyInit__mayfly_zygote() { return PyModuleDef_Init(&definition); }
