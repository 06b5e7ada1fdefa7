// What ids stand for, from the registry.

import { lecturerName, municipalityName, nameOf, registry } from '../../core/registry';
import { useLive } from '../api/live';

export interface Names {
  readonly municipality: (code: string) => string;
  readonly association: (id: string) => string;
  readonly lecturer: (id: string) => string;
  /** In kana; '' where it is not known. */
  readonly lecturerReading: (id: string) => string;
  /** わたしの連絡先カード, or with its eligibility. */
  readonly material: (material: string, eligibility: string) => string | null;
  readonly medium: (id: string) => string | null;
}

export function useNames(): Names {
  const { value } = useLive('/v1/registry', registry);
  return {
    municipality: (code) => (value === null ? null : municipalityName(value, code)) ?? code,
    association: (id) => (value === null ? null : nameOf(value.associations, id)) ?? id,
    lecturer: (id) => {
      const found = value?.lecturers.find((one) => one.id === id);
      return found === undefined ? id : lecturerName(found);
    },
    lecturerReading: (id) => value?.lecturers.find((one) => one.id === id)?.reading ?? '',
    material: (material, eligibility) => {
      const found = value?.materials.find((one) => one.id === material);
      if (found === undefined) return null;
      const reason = nameOf(found.eligibilities, eligibility) ?? eligibility;
      return reason === '' ? found.name : `${found.name} ${reason}`;
    },
    medium: (id) => (value === null ? null : nameOf(value.media, id)),
  };
}
