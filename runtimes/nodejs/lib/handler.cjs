'use strict';
// Finds and loads the function's handler: CommonJS and ES modules, nested properties, modules below node_modules.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const { RuntimeError } = require('./errors.cjs');

// "lib/app.api.get" -> folder "lib", module "app", properties "api.get": split at the first dot of the base name.
function parse(text) {
  if (text.includes('..')) {
    throw new RuntimeError(
      'Runtime.MalformedHandlerName',
      `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(text);
  const match = base.match(/^([^.]*)\.(.+)$/);
  if (!match) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  return { folder: text.slice(0, text.length - base.length), module: match[1], property: match[2] };
}

// Whether .js files in this folder are ES modules: the nearest package.json says so.
function isModuleFolder(folder) {
  for (;;) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') return false;
    }
    const parent = path.dirname(folder);
    if (parent === folder || path.basename(folder) === 'node_modules') return false;
    folder = parent;
  }
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const isFile = (candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile();
  if (isFile(file)) return require(file);
  if (isFile(file + '.js')) {
    return isModuleFolder(path.dirname(file)) ? import(pathToFileURL(file + '.js').href) : require(file + '.js');
  }
  if (isFile(file + '.mjs')) return import(pathToFileURL(file + '.mjs').href);
  if (isFile(file + '.cjs')) return require(file + '.cjs');
  const from = createRequire(path.join(root, 'package.json'));
  return require(from.resolve(name, { paths: [root, path.join(root, folder)] }));
}

async function load(root, text) {
  const wanted = parse(text);
  let module;
  try {
    module = await loadModule(root, wanted.folder, wanted.module);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('Runtime.UserCodeSyntaxError', String(error), error);
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new RuntimeError('Runtime.ImportModuleError', String(error), error);
    }
    throw error;
  }
  const find = (from) => wanted.property.split('.').reduce((at, key) => at?.[key], from);
  const handler = find(module) ?? find(module?.default);
  if (handler === undefined || handler === null) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${text} is not a function`);
  return handler;
}

module.exports = { load };
