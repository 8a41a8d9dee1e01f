// What was typed outlives a reload, under its own name, until it is sent or its writer signs out.
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { forgetTyped, useTyped } from "./typed";

afterEach(() => {
  cleanup();
  window.sessionStorage.clear();
});

const opened = (name: string) => renderHook(() => useTyped(name)).result;
const type = (name: string, text: string) => {
  const one = opened(name);
  act(() => one.current[1](text));
};

test("it is there again, for the same person and thing alone", () => {
  type("user:mina.a1", "the address is the office's");
  expect(opened("user:mina.a1").current[0]).toBe("the address is the office's");
  expect(opened("user:joon.a1").current[0]).toBe("");
  expect(opened("user:mina.a2").current[0]).toBe("");
});

test("it is gone once it was sent", () => {
  const one = opened("user:mina.a1");
  act(() => one.current[1]("seen"));
  act(() => one.current[2]());
  expect(opened("user:mina.a1").current[0]).toBe("");
});

test("signing out forgets all of it, and nothing else", () => {
  window.sessionStorage.setItem("other", "stays");
  type("user:mina.a1", "seen");
  type("user:mina.a2", "seen");
  forgetTyped();
  expect(opened("user:mina.a1").current[0]).toBe("");
  expect(window.sessionStorage.getItem("other")).toBe("stays");
});
