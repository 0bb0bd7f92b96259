// The settings of a browser in node.

import { choice, flag, number, type SettingsOf, table, text } from "./table";

export const browserIn = table(
  {
    path: text({ default: "/talk", required: true, label: "Path", icon: "globe" }),
    title: text({ default: "Talk", label: "Title", icon: "header" }),
    voice: choice({
      default: "open",
      choices: ["open", "pushToTalk"],
      label: "Microphone",
      icon: "microphone",
    }),
    text: flag({ default: true, label: "Text field" }),
    camera: flag({ default: true, label: "Camera" }),
    screen: flag({ default: false, label: "Screen" }),
    maxPages: number({ default: 20, min: 1, max: 1_000, whole: true, label: "Max pages", icon: "users" }),
    embedding: choice({
      default: "self",
      choices: ["none", "self", "sites"],
      label: "Embedding",
      icon: "window-maximize",
    }),
    sites: text({
      default: "",
      label: "Sites",
      icon: "link",
      placeholder: "sites",
      shown: { embedding: ["sites"] },
    }),
  },
  {
    rules: {
      path: {
        allows: ({ path }) => /^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/.test(path.trim()),
        error:
          'The path must consist of names of letters, digits and "-", "_", ".", "~", separated by slashes, such as /talk',
      },
      sites: {
        allows: ({ embedding, sites }) =>
          embedding !== "sites" || /^(\s*https?:\/\/[\w.:*[\]-]+(\s|$))+\s*$/.test(sites),
        error:
          "The sites must be addresses without a path, such as https://home.example, separated by spaces",
      },
    },
  },
);

export type BrowserInSettings = SettingsOf<typeof browserIn>;
