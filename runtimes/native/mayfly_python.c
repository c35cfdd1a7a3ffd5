/* The Python module _mayfly: the clone primitive, frames on descriptor 3, and what a template must not hold.
 *
 * Limited API, so one build serves every Python from 3.8 on.
 *
 *   wait_for_clone()          returns in a clone only; OSError where this process cannot be a template (any more)
 *   note_pages()              after a clone's first event: which pages it took, for the clones that follow
 *   recv_frame()              -> (type: str, payload: bytes), or None where the engine has closed
 *   send_frame(type, payload) type: a str of one character, payload: bytes
 *   process_state()           -> dict of counts: threads, children, sockets, event_fds, writable_files, shared_mappings
 */
#define Py_LIMITED_API 0x03080000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mayfly_clone.h"
#include "process_state.h"

enum { kControl = 3, kMaxFrame = 64 << 20 };

static PyObject *fail(int error) {
  errno = error;
  return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *wait_for_clone(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  /* Holds the locks of the interpreter that a fork must not find taken. Clones are forked from this moment on. */
  PyOS_BeforeFork();
  const int error = mayfly_clone_wait();
  if (error != 0) {
    PyOS_AfterFork_Parent();
    return fail(-error);
  }
  PyOS_AfterFork_Child();
  Py_RETURN_NONE;
}

static PyObject *note_pages(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  mayfly_clone_note_pages();
  Py_RETURN_NONE;
}

/* 1: all there; 0: the engine has closed; -1: an exception is set. */
static int read_fully(char *into, size_t size) {
  while (size > 0) {
    ssize_t got;
    Py_BEGIN_ALLOW_THREADS got = read(kControl, into, size);
    Py_END_ALLOW_THREADS if (got == 0 || (got < 0 && errno == ECONNRESET)) return 0;
    if (got < 0) {
      if (errno == EINTR) {
        if (PyErr_CheckSignals() != 0) return -1;
        continue;
      }
      fail(errno);
      return -1;
    }
    into += got;
    size -= (size_t)got;
  }
  return 1;
}

static PyObject *recv_frame(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  unsigned char head[5];
  int there = read_fully((char *)head, sizeof head);
  if (there < 0) return NULL;
  if (there == 0) Py_RETURN_NONE;
  const uint32_t length =
      (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
  if (length < 1 || length > kMaxFrame) return fail(EBADMSG);
  PyObject *payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length - 1);
  if (!payload) return NULL;
  there = read_fully(PyBytes_AsString(payload), length - 1);
  if (there <= 0) {
    Py_DECREF(payload);
    if (there < 0) return NULL;
    Py_RETURN_NONE;
  }
  const char type = (char)head[4];
  return Py_BuildValue("(s#N)", &type, (Py_ssize_t)1, payload);
}

static PyObject *send_frame(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *type, *payload;
  Py_ssize_t type_size, payload_size;
  if (!PyArg_ParseTuple(arguments, "s#y#", &type, &type_size, &payload, &payload_size)) return NULL;
  if (type_size != 1 || payload_size >= kMaxFrame) {
    PyErr_SetString(PyExc_ValueError, "a frame has a type of one character and at most 64 MiB");
    return NULL;
  }
  const uint32_t length = (uint32_t)payload_size + 1;
  unsigned char head[5] = {(unsigned char)length, (unsigned char)(length >> 8), (unsigned char)(length >> 16),
                           (unsigned char)(length >> 24), (unsigned char)type[0]};
  struct iovec parts[2] = {{head, sizeof head}, {(void *)payload, (size_t)payload_size}};
  struct msghdr message = {0};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  int error = 0;
  while (parts[0].iov_len + parts[1].iov_len > 0) {
    ssize_t put;
    Py_BEGIN_ALLOW_THREADS put = sendmsg(kControl, &message, MSG_NOSIGNAL);
    Py_END_ALLOW_THREADS if (put < 0) {
      error = errno;
      if (error == EINTR && PyErr_CheckSignals() == 0) {
        error = 0;
        continue;
      }
      break;
    }
    for (int at = 0; at < 2; ++at) {
      const size_t part = (size_t)put < parts[at].iov_len ? (size_t)put : parts[at].iov_len;
      parts[at].iov_base = (char *)parts[at].iov_base + part;
      parts[at].iov_len -= part;
      put -= (ssize_t)part;
    }
  }
  if (error != 0) return PyErr_Occurred() ? NULL : fail(error);
  Py_RETURN_NONE;
}

static PyObject *process_state(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  struct mayfly_process_state state;
  const int error = mayfly_process_state(&state);
  if (error != 0) return fail(-error);
  return Py_BuildValue("{s:i,s:i,s:i,s:i,s:i,s:i}", "threads", state.threads, "children", state.children, "sockets",
                       state.sockets, "event_fds", state.event_fds, "writable_files", state.writable_files,
                       "shared_mappings", state.shared_mappings);
}

static PyMethodDef methods[] = {
    {"wait_for_clone", wait_for_clone, METH_NOARGS, "Wait as a template; returns in a clone only."},
    {"note_pages", note_pages, METH_NOARGS, "Note which pages the first event took."},
    {"recv_frame", recv_frame, METH_NOARGS, "The next frame from the engine: (type, payload), or None."},
    {"send_frame", send_frame, METH_VARARGS, "Send a frame (type, payload) to the engine."},
    {"process_state", process_state, METH_NOARGS, "Counts of what a template must not hold."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_mayfly", "Mayfly's native runtime support.", 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__mayfly(void) { return PyModuleDef_Init(&definition); }
